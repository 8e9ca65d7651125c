import Foundation
import OwnOptimizer

// swift run train-nesterov DIRECTORY: a run for `escapement diff`, `spectrum` and `report`.
guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: train-nesterov DIRECTORY\n".utf8))
  exit(64)
}
do {
  let run = try trainOnFixture(in: URL(fileURLWithPath: CommandLine.arguments[1], isDirectory: true))
  print("recorded in \(run.url.path)")
} catch {
  FileHandle.standardError.write(Data("train-nesterov: \(error)\n".utf8))
  exit(1)
}
