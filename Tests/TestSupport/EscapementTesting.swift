// The oracles and execution paths that are also public to other authors.
@_exported import EscapementTesting
