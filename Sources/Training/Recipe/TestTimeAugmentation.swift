/// What is done to test images before they are classified.
public enum TestTimeAugmentation: String, Hashable, Sendable, CaseIterable {
  /// Nothing, as the NeurIPS 2022 paper tests.
  case none
  /// The logits of the image and of its left-right mirror image are averaged, as the SSE-SAM code does for its final
  /// numbers.
  case flip
}
