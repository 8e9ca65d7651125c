import CEscapementKernels
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct NumericContractTests {
  @Test("the contract in force follows the way of convolving")
  func current() {
    convolving(EK_CONVOLUTION_WINOGRAD) {
      #expect(NumericContract.current.description == "2" && NumericContract.current.convolution == .winograd)
    }
    convolving(EK_CONVOLUTION_DIRECT) {
      #expect(NumericContract.current.description == "2 direct" && NumericContract.current.number == 2)
    }
  }

  @Test("a text that is written is read back, and no other is read", arguments: ["1", "2", "2 direct", "13"])
  func texts(text: String) throws {
    #expect(try #require(NumericContract(text)).description == text)
    for other in [
      " \(text)", "\(text) ", "0\(text)", "+\(text)", "-\(text)", "\(text) winograd", "\(text)direct",
    ] {
      #expect(NumericContract(other) == nil, "\(other)")
    }
  }

  @Test func whatIsNoContract() {
    for text in ["", " ", "0", "two", "1 direct", "2  direct", "2 direct direct", "99999999999999999999"] {
      #expect(NumericContract(text) == nil, "\(text)")
    }
    #expect(NumericContract.first == NumericContract("1") && NumericContract.first.convolution == .direct)
  }

  @Test("newer rules come later, and each says how to compute by it")
  func orderAndInstruction() throws {
    let contracts = try ["1", "2 direct", "2", "3 direct", "3"].map { try #require(NumericContract($0)) }
    #expect(contracts.reversed().sorted() == contracts)
    #expect(
      contracts.map(\.instruction) == [
        "use an older release, one of contract 1", "set ESCAPEMENT_CONVOLUTION=direct",
        "unset ESCAPEMENT_CONVOLUTION", "use a newer release, one of contract 3",
        "use a newer release, one of contract 3",
      ])
  }
}
