/// A decoded image, and what its decoder said about the file.
public struct DecodedImage: Hashable, Sendable {
  /// The image.
  public let image: RGBImage
  /// How often the decoder warned of damage that it passed over; 0 for a sound file.
  ///
  /// libjpeg warns of corrupt or missing compressed data (the pixels there are wrong or gray) and of extra bytes.
  /// libpng warns of wrong checksums, of indices beyond the palette, and of what is wrong behind the pixels. Gray
  /// values of 16 bits that were cut at 255 count as one warning.
  public let warnings: Int
  /// The decoder's words of the first warning; nil without one.
  public let firstWarning: String?
}
