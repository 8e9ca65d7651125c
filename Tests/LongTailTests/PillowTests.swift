import EscapementLongTail
import Testing

/// SHA-256 of what Pillow 12.2.0 makes of the procedural image, as Benchmarks/peers/images.py printed it.
@Suite("Images as Pillow makes them")
struct PillowTests {
  private let image = proceduralImage()

  @Test("the procedural image is the script's")
  func source() {
    #expect(image.hex == "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee")
  }

  /// The image turned and mirrored as Exif's orientations 1 to 8 say: what `ImageOps.exif_transpose` makes of it.
  static let orientations = [
    "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee",
    "6c2b20e47f6274a2367c254b3688d765f43d634f1b7186c6b1ba610e49b969e4",
    "3083ef264a345b6a72b570dd2ec234e6f725778e61af0c733e81acba5cb03dc1",
    "9e8c5071cca81eb30fb444129d30279705f5c482873409691cd47054cfc762c1",
    "f5a75276b7cfdb50ee48db8977952d854ac82d04769e0419461508a541749d16",
    "7fe8530f3990e6280b39debbe59db93b1d81f39acafd1fa5cb2aaf9a841413c6",
    "2e643a19396fbc57d7be92c4b558210f64ae9cb3e67e51fcea1b2ada75b748db",
    "94c630e21679b379d5be25a98300c91525eb156ba61c4951a6ffad135c10dc05",
  ]

  private static let sizes: [(Int, Int, String)] = [
    (61, 47, "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee"),
    (30, 23, "2a27f56942e0045fe5194ff2b39cf28f20192eb2bcc2f605a1599a77260327ab"),
    (7, 5, "004b9ef27835d58ffeb4a519c5e79a5f1e70538eaedb4d484c54b18d7dffe843"),
    (1, 1, "8e12ed997390722b1dc7ca965adb7faf6ae81d73f885da8267c96355b3d6e435"),
    (122, 94, "856070720050e1563d8c78eec9a84fbc190e484628b8a8bb92b5b2cf94e18c40"),
    (200, 31, "069b30ebfa38758da4da0c675b17ed80aad5a4d1d23a806b6d0b5bd9dbf76b4a"),
    (17, 90, "e2577cb7709f849f80b473a88108d6f998e0f613fec2bd9b5add83e657da6481"),
    (61, 20, "75201ecd9c44683902bfc90132b8a6634a6a448edf5abe7b37a895ee94e3ead1"),
    (20, 47, "fb02ce414f6d6ac1a7dffbf69b5da0ea142aacef80d777e1b89751d176d546ab"),
  ]

  @Test("resize", arguments: sizes)
  func resize(width: Int, height: Int, expected: String) {
    #expect(image.resampled(width: width, height: height).hex == expected)
  }

  private static let squareCases: [(Int, Int, String)] = [
    (32, 28, "e5c9d64423a2a06eb5e028106bbd2e839703d157a1f741cbcba110691dd0492e"),
    (33, 28, "45be681d3b8332a2acaf6881fadda0fe2f106e9da015206ca23156c3b4e0630f"),
    (96, 80, "ac46dcb45f3dd5775119ca6aee8e8cb678db5baf00d2b2082671d7a2266dea25"),
    (20, 20, "bb0e6d693c545aa095d9958b93e127f6435ef17e8db51f33580c699582dd5dc2"),
    (47, 40, "83aa1d94407aa2a763415cc6947bdeabef4db2d2d7fcc8c1c306ea0544c8a02e"),
  ]

  @Test("resize to a shorter side and crop the middle", arguments: squareCases)
  func squares(shorter: Int, side: Int, expected: String) {
    #expect(image.resampled(shorterSide: shorter, center: side).hex == expected)
  }

  @Test("the same of an image that is higher than wide")
  func tall() {
    let expected = "d09f9a7b897fef67562ee427314336954d91ed411720c3ae9ca0574c702dffb0"
    #expect(image.rotated.resampled(shorterSide: 32, center: 27).hex == expected)
  }

  private static let windowCases: [(PixelWindow, String)] = [
    (
      PixelWindow(left: 5, top: 3, width: 40, height: 37),
      "783cc54debddc01144883e00bec390685b0bc4f821df04bcc950d2599dbc0084"
    ),
    (
      PixelWindow(left: 0, top: 0, width: 61, height: 9),
      "f69d036298ec5215e778856f5fe4b80ddbac15d211dc4107ad8a898e8a8bad6c"
    ),
    (
      PixelWindow(left: 50, top: 40, width: 11, height: 7),
      "e741e74f571513e688bd6ce01f0f65b7d4648b06ca8a09790169849beec45143"
    ),
  ]

  @Test("crop a window and resize it", arguments: windowCases)
  func windows(window: PixelWindow, expected: String) {
    #expect(image.resampled(window, width: 24, height: 24).hex == expected)
  }

  private static let changes: [(ColorChange.Kind, Double, String)] = [
    (.brightness, 0.6, "2db31d968907c774d9f37b241df502e63f3762c8ca0dba6ac0cb56e4e57914c4"),
    (.brightness, 0.73, "ab60bbdf3d1d28ef502aabda9d9753b8c58512612938a50856114b82c36032ee"),
    (.brightness, 0.999, "0002ae3f4295f60239a06aee2bd7cd1157accb44343132a68a9c6283c058a42a"),
    (.brightness, 1.0, "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee"),
    (.brightness, 1.001, "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee"),
    (.brightness, 1.27, "d70ea0a0fa7fef1e031356b1aae613ca3c0c644dbf54908b5e7fdfd6658966d0"),
    (.brightness, 1.4, "62944d999c4e5d0afd6e4e8f014989d8e7692ad484348bcc4358f11afaece97f"),
    (.brightness, 0.0, "53755bcd87fd6b66456ec383370bd4c86f73ee50b7f6ccc37176c55ca44cd24e"),
    (.contrast, 0.6, "2329a8d28144085280bf2129bf6d6aa272694edb4d946ee9a869efe7bdc03d21"),
    (.contrast, 0.73, "40ccc95edfef72c7ebbf80e2b7740eaf0551e8500dcefb79c374612c01b2316d"),
    (.contrast, 0.999, "20773ca1a0800912345064dd0ff3e0ba72ade3deb235bf74c0d8bd1685478688"),
    (.contrast, 1.0, "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee"),
    (.contrast, 1.001, "444f847c2fcd65fe99dc686313f48b39a31f1a8ba7a40a4271f844a60809c96a"),
    (.contrast, 1.27, "b2db9d7aaccbe6fb4d949a83d697ce8eb89b032597983727c56072b7108429ce"),
    (.contrast, 1.4, "b24c8248c90ee300ab8413fd6acea14989b50c3a727ce8b7e91c4ef04a015751"),
    (.contrast, 0.0, "0289e328eb63c1f60c2b37f1b01898dfa2204194600e07b9fbad18df16cce97c"),
    (.saturation, 0.6, "02c13857f1620c1586697d5a4e8276ce759c946cc4b3e947d0af98113dfd6f04"),
    (.saturation, 0.73, "256846ebf466bc6c6ec04e98ff6781ce82af8414f4637e674aaf104c21211447"),
    (.saturation, 0.999, "672f6272642d27ff85876259828a49adc1aa147dcef8986fdc3de109c0ca223a"),
    (.saturation, 1.0, "61649a0762b07a9a8c78eb0f5391991ead62b4539a70252c347b9e7d970f27ee"),
    (.saturation, 1.001, "a915057aaa1263c30727a636d44f395c2317263962090b9c43105d2018d26338"),
    (.saturation, 1.27, "e7c5580d4ceb74ea7b4e6115b3404b1b9920c5ecb03818fa62318240c3eaf33d"),
    (.saturation, 1.4, "84ab8d423a1a2051f58ea281334b0b9093e8f03587c9fe0089f8f214a37407a2"),
    (.saturation, 0.0, "3a66a170463131636018fd89462eefa7082d0e64651d9bd5391319d896517cd9"),
  ]

  @Test("brightness, contrast and saturation", arguments: changes)
  func color(kind: ColorChange.Kind, factor: Double, expected: String) {
    var changed = image
    changed.apply(ColorChange(kind, factor: factor))
    #expect(changed.hex == expected)
  }
}
