// The oracles and execution paths that outside authors get as well.
@_exported import EscapementTesting
