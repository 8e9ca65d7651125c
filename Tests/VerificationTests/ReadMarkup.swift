import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A document read by a parser that is not ours: its elements, their attributes and texts.
final class ReadMarkup: NSObject, XMLParserDelegate {
  struct Element {
    var name: String
    var attributes: [String: String]
    var text = ""
  }

  private(set) var elements: [Element] = []
  private var open: [Int] = []

  init(_ text: String) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)) line \(parser.lineNumber)")
  }

  func count(_ name: String) -> Int { elements.count { $0.name == name } }
  func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }
  /// Of the first element of that name.
  func attributes(_ name: String) -> [String: String] { all(name).first?.attributes ?? [:] }
  /// Of the first element of that name.
  func text(_ name: String) -> String { all(name).first?.text ?? "" }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    for index in open { elements[index].text += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { open.removeLast() }
}
