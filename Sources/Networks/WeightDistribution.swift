import EscapementCalculus

/// The initial distribution of a layer's weights, as a function of its numbers of inputs and outputs.
///
/// A convolution's fan-in is its input channels times the kernel's pixels; its fan-out is the output channels times the
/// kernel's pixels.
public enum WeightDistribution: Hashable, Sendable {
  /// N(0, 2/fan_in): Kaiming normal, as the released CIFAR networks use it.
  case normalFanIn
  /// N(0, 2/fan_out): Kaiming normal, as torchvision's ResNets use it for convolutions.
  case normalFanOut
  /// U(±1/√fan_in): PyTorch's default, Kaiming uniform with a = √5.
  case uniformFanIn

  /// The distribution for a layer's fans.
  func initialization(fanIn: Int, fanOut: Int) -> Initialization {
    switch self {
    case .normalFanIn: .kaimingNormal(fan: fanIn)
    case .normalFanOut: .kaimingNormal(fan: fanOut)
    case .uniformFanIn: .uniform(fanIn: fanIn)
    }
  }
}
