import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing

@Suite struct DispatchTests {
  @Test func namesAndAvailability() {
    let names = [EK_ISA_SCALAR, EK_ISA_AVX2, EK_ISA_AVX512, EK_ISA_NEON].map {
      String(cString: ek_isa_name($0))
    }
    #expect(names == ["scalar", "avx2", "avx512", "neon"])
    #expect(ek_isa_available(EK_ISA_SCALAR))
    #if arch(x86_64)
      #expect(!ek_isa_available(EK_ISA_NEON))
    #elseif arch(arm64)
      #expect(ek_isa_available(EK_ISA_NEON) && !ek_isa_available(EK_ISA_AVX2))
    #endif
  }

  @Test func overridesHoldForTheCallingThreadOnly() {
    let (isa, threads) = (ek_isa_current(), ek_threads_current())
    let elsewhere = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    elsewhere.initialize(repeating: -7, count: 2)
    defer { elsewhere.deallocate() }
    for path in ExecutionPath.all {
      path.run {
        #expect(ek_isa_current() == path.isa && ek_threads_current() == path.threads)
        let address = Int(bitPattern: elsewhere)
        let done = DispatchSemaphore(value: 0)
        Thread {
          let result = UnsafeMutablePointer<Int32>(bitPattern: address)!
          result[0] = Int32(ek_isa_current().rawValue)
          result[1] = ek_threads_current()
          done.signal()
        }.start()
        done.wait()
        #expect(elsewhere[0] == Int32(isa.rawValue) && elsewhere[1] == threads)
      }
      #expect(ek_isa_current() == isa && ek_threads_current() == threads)
    }
  }

  @Test func defaultsComeFromTheEnvironmentOrTheMachine() {
    let environment = ProcessInfo.processInfo.environment
    #expect(ek_environment_problem() == nil)
    if let name = environment["ESCAPEMENT_ISA"], !name.isEmpty {
      #expect(String(cString: ek_isa_name(ek_isa_current())) == name)
    } else {
      #expect(ek_isa_current() == ExecutionPath.availableSets.last)
    }
    if let count = environment["ESCAPEMENT_THREADS"].flatMap(Int32.init) {
      #expect(ek_threads_current() == count)
    }
    #expect(ek_threads_current() >= 1)
  }

  /// Several threads fork work at once: those that find the workers busy do theirs alone, with the same bits.
  @Test func concurrentCallersGetTheSameBits() async {
    var numbers = TestNumbers(seed: 3)
    let s = Reference.Matmul(m: 90, n: 70, k: 40)
    let (a, b): ([Float], [Float]) = (numbers.values(s.countA), numbers.values(s.countB))
    let expected = Reference.matmul(s, a, b, into: [Float](repeating: .nan, count: s.countC))
    let differences = await withTaskGroup(of: Int.self) { group in
      for task in 0..<6 {
        group.addTask {
          var differing = 0
          for round in 0..<60 {
            var c = [Float](repeating: .nan, count: s.countC)
            ExecutionPath.each(turn: task + round)[round % ExecutionPath.availableSets.count].run {
              ek_matmul(EK_F32, false, false, s.m, s.n, s.k, a, s.lda, b, s.ldb, &c, s.ldc, false)
            }
            if firstDifference(c, expected) != nil { differing += 1 }
          }
          return differing
        }
      }
      return await group.reduce(0, +)
    }
    #expect(differences == 0)
  }
}
