/// The augmentation of test images before they are classified.
public enum TestTimeAugmentation: String, Hashable, Sendable, CaseIterable {
  /// None, as in the NeurIPS 2022 paper.
  case none
  /// Averages the logits of the image and of its left-right mirror image, as the SSE-SAM code does for its final
  /// numbers.
  case flip
}
