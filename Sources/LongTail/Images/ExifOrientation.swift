/// What is done with the orientation that the Exif data of a JPEG or PNG file state.
public enum ExifOrientation: String, Hashable, Sendable, CaseIterable {
  /// The pixels stay as they are stored, as in torchvision's default loader, which the published scripts use.
  case ignored
  /// The image is turned and mirrored to stand upright, as by Pillow's `ImageOps.exif_transpose`, but only by Exif:
  /// an orientation in XMP or text chunks is not looked for. Exif data that cannot be read state none.
  case applied
}
