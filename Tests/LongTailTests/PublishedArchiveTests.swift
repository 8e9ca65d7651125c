import EscapementLongTail
import Testing

@Suite("The published archives")
struct PublishedArchiveTests {
  @Test("one for each data set and layout, all different")
  func table() {
    for dataSet in PublishedArchive.DataSet.allCases {
      for layout in PublishedArchive.Layout.allCases {
        let archive = PublishedArchive(dataSet, layout)
        #expect(archive.dataSet == dataSet && archive.layout == layout)
        let classes = dataSet == .cifar10 ? "10" : "100"
        #expect(archive.name == "cifar-\(classes)-\(layout.rawValue).tar.gz")
        #expect(archive.url == "https://www.cs.toronto.edu/~kriz/\(archive.name)")
      }
    }
    let all = PublishedArchive.all
    #expect(all.count == 4)
    #expect(Set(all.map(\.md5)).count == 4 && Set(all.map(\.sha256)).count == 4)
    #expect(Set(all.map(\.byteCount)).count == 4)
  }

  @Test("the binary archive of CIFAR-10 as its home page and the libraries give it")
  func binary() {
    let archive = PublishedArchive(.cifar10, .binary)
    #expect(archive.byteCount == 170_052_171)
    #expect(archive.md5.hex == "c32a1d4ab5d03f1284b67883e8d87530")
    #expect(archive.sha256.hex == "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")
  }
}
