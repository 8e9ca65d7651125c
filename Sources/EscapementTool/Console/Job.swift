import ArgumentParser
import EscapementArtifacts
import EscapementCalculus
import Foundation
import Synchronization
import EscapementTraining

/// A command whose work the ranks of a job share.
protocol RankedCommand: ParsableCommand {}

/// The ranks of this job, if mpirun started the tool.
enum Job {
  /// The launcher's description of the job; nil if this process is alone.
  static let launched = LaunchedJob(environment: ProcessInfo.processInfo.environment)
  /// Whether this process writes files and messages.
  static var leads: Bool { (launched?.rank ?? 0) == 0 }

  private struct Membership: Sendable {
    let communicator: MPICommunicator
    let ranks: RankAgreement
  }
  private static let membership = Mutex<Membership?>(nil)

  /// The agreement of the ranks; nil if this process is alone.
  static var ranks: RankAgreement? { membership.withLock { $0?.ranks } }
  /// The communicator of the ranks; nil if this process is alone.
  static var communicator: (any Communicator)? { membership.withLock { $0?.communicator } }

  /// Joins the other ranks, if there are any and the command supports them.
  static func join(for command: any ParsableCommand) throws {
    guard let launched else { return }
    guard MPICommunicator.isAvailable else {
      // Throws MPI's own error, before every rank would train the same run.
      _ = try MPICommunicator()
      return
    }
    guard command is any RankedCommand else {
      throw ToolError.usage(
        "\(type(of: command)._commandName) runs in one process, not on \(launched.size) ranks; start it without mpirun"
      )
    }
    let communicator = try MPICommunicator()
    membership.withLock {
      $0 = Membership(communicator: communicator, ranks: RankAgreement(communicator))
    }
  }

  /// The result of `body`, after it has returned on all ranks.
  static func all<R>(_ body: () throws -> R) throws -> R { try ranks?.all(body) ?? body() }

  /// Whether this process or that of any rank received a signal to stop.
  static func isInterrupted() throws -> Bool {
    try ranks?.stops(Interruption.isRequested) ?? Interruption.isRequested
  }

  /// One line about the data that the ranks exchanged, over `count` units (steps or products).
  static func trafficLine(per unit: String, count: Int) -> String? {
    guard let communicator else { return nil }
    let traffic = communicator.traffic
    let each = Double(max(count, 1))
    let received = (Double(traffic.received) / each / 1000).formatted(.number.precision(.fractionLength(1)))
    let exchanges = (Double(traffic.exchanges) / each).formatted(.number.precision(.fractionLength(1)))
    return "\(communicator.size) ranks: \(exchanges) exchanges and \(received) kB received a rank and \(unit)"
  }

  /// Leaves the job after success, or after an error that all ranks know; otherwise ends the other ranks.
  static func leave(status: Int32) {
    guard let member = membership.withLock({ $0 }) else { return }
    if status == 0 || member.ranks.isClosed {
      do { try member.communicator.finish() } catch { member.communicator.abort(code: status) }
    } else {
      member.communicator.abort(code: status)
    }
  }
}
