import EscapementArtifacts
import Foundation

/// Child processes that do not receive a terminal's Ctrl-C. This process stops them with one signal, so that each can
/// write its checkpoint; a second signal would end them at once.
enum ChildProcess {
  /// Starts a program in its own process group. Its output is appended to `output`; with nil it goes to this process's
  /// standard error.
  static func start(_ words: [String], environment: [String: String], output: URL?) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, output.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    } else {
      posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    var defaults = mask
    for number in [SIGINT, SIGTERM, SIGUSR1, SIGPIPE] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var pid = pid_t()
    let code = withCStrings(words) { arguments in
      withCStrings(variables) { posix_spawn(&pid, words[0], &actions, &attributes, arguments, $0) }
    }
    guard code == 0 else { throw FileError(operation: "run", path: words[0], code: code) }
    return pid
  }

  /// One of these processes that has ended, with its exit code, or 128 plus the signal's number; nil while all are
  /// running. Other children are not waited for.
  static func ended(of pids: some Sequence<pid_t>) -> (pid: pid_t, status: Int32)? {
    for pid in pids {
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { continue }
      let signal = status & 0x7F
      return (pid, signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }
    return nil
  }

  private static func withCStrings<R>(
    _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
  ) -> R {
    let pointers = words.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
