/// The batch script of one job array.
///
/// Slurm signals the shell before the time limit. The shell forwards the signal to the tool, which writes a checkpoint
/// and ends with 75, and the task is queued again. When a user cancels a task or Slurm preempts it, every process of
/// the task receives TERM. The tool then ends in the same way, but the script does not queue the task again.
struct SlurmScript {
  let name: String
  let command: [String]
  let logs: String
  /// The row of the array's task 0.
  let offset: Int
  /// The array's tasks, ascending.
  let tasks: [Int]
  let options: SlurmOptions

  /// The script.
  var text: String {
    let throttle = options.throttle.map { "%\($0)" } ?? ""
    var lines = [
      "#!/bin/bash", "#SBATCH --job-name=\(name)", "#SBATCH --array=\(Self.ranges(tasks))\(throttle)",
      // Both streams are appended, so that a requeued task continues its log.
      "#SBATCH --output=\"\(logs)/%A_%a.log\"", "#SBATCH --open-mode=append", "#SBATCH --requeue",
      "#SBATCH --signal=B:USR1@\(options.warning)", "#SBATCH --nodes=1", "#SBATCH --ntasks=1",
      "#SBATCH --cpus-per-task=\(options.cpus)",
    ]
    for (flag, value) in [
      ("time", options.time), ("partition", options.partition), ("account", options.account),
      ("mem", options.mem),
    ] {
      if let value { lines.append("#SBATCH --\(flag)=\(value)") }
    }
    let words = command.map(ShellWord.quoted).joined(separator: " ")
    lines.append(
      #"""

      set -u
      export ESCAPEMENT_THREADS="${SLURM_CPUS_PER_TASK:-1}"
      row=$((SLURM_ARRAY_TASK_ID + \#(offset)))
      echo "escapement-task row=$row job=$SLURM_JOB_ID restart=${SLURM_RESTART_COUNT:-0} node=${SLURMD_NODENAME:-}"
      task= warned=0 told=0 ended=0 signaled=0
      warn() { if [ -n "$task" ] && [ "$told" = 0 ]; then told=1; kill -USR1 "$task"; fi; }
      # Before the task starts: a signal without its trap would end this shell and leave the task alone.
      # The time limit is near. Not as TERM: Slurm's own TERM may follow, and a second one would end the tool at once.
      trap 'signaled=1; [ "$warned" = 1 ] || { warned=1; echo "escapement-warned row=$row"; warn; }' USR1
      # Cancelled or pre-empted: the tool has had the same TERM.
      trap 'signaled=1 ended=1' TERM
      \#(words) --index "$row" &
      task=$!
      # A warning that came before the task had a number.
      [ "$warned" = 1 ] && warn
      while :; do
        signaled=0
        wait "$task"
        code=$?
        # A signal ends the wait, not the task.
        [ "$signaled" = 1 ] && [ "$code" -gt 128 ] || break
      done
      # A task that ends just as a signal interrupts the wait: bash 5.2 has lost its exit code then, and says -1. The
      # task may be asked again, because it does nothing twice.
      [ "$code" -lt 0 ] && code=75
      again=0
      [ "$code" -eq 75 ] && again=1
      # 138: warned before it could catch the signal.
      [ "$warned" = 1 ] && [ "$code" -eq 138 ] && again=1
      [ "$code" -gt 128 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt \#(options.retries) ] && again=1
      if [ "$again" = 1 ] && [ "$ended" = 0 ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
      fi
      exit "$code"

      """#)
    return lines.joined(separator: "\n")
  }

  /// "0-3,7,9-12" of ascending numbers.
  static func ranges(_ numbers: [Int]) -> String {
    var runs: [(first: Int, last: Int)] = []
    for number in numbers {
      if let end = runs.last?.last, end + 1 == number {
        runs[runs.count - 1].last = number
      } else {
        runs.append((number, number))
      }
    }
    return runs.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
  }

  /// The numbers of such a text, optionally followed by a throttle or in brackets, as printed by squeue; nil for other
  /// texts.
  static func numbers(_ text: Substring) -> [Int]? {
    let list = text.prefix { $0 != "%" }.trimming { $0 == "[" || $0 == "]" }
    var numbers: [Int] = []
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
        last - first < 10_000_000
      else { return nil }
      numbers += first...last
    }
    return numbers
  }
}

extension Substring {
  fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> Substring {
    var text = self
    while let first = text.first, isTrimmed(first) { text.removeFirst() }
    while let last = text.last, isTrimmed(last) { text.removeLast() }
    return text
  }
}
