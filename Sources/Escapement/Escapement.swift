// One import for all that the library offers.

@_exported import EscapementArtifacts
@_exported import EscapementCalculus
@_exported import EscapementCurvature
@_exported import EscapementKernels
@_exported import EscapementLongTail
@_exported import EscapementNetworks
@_exported import EscapementOptimizers
@_exported import EscapementRandomness
@_exported import EscapementStatistics
@_exported import EscapementTraining
