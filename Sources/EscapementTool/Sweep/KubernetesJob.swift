import EscapementArtifacts

/// A Kubernetes Job with one index per row (batch/v1, Indexed; podFailurePolicy is stable from 1.31 on,
/// backoffLimitPerIndex from 1.33).
///
/// A pod that ends with 75 is replaced without being counted. A pod that would fail again ends its index. Any other
/// failure, such as exhausted memory, counts against `retries`. The volume contains plan, images and runs.
struct KubernetesJob {
  var name: String
  var image: String
  /// The persistent volume claim.
  var volume: String
  /// The path at which it is mounted.
  var mount: String
  var completions: Int
  var parallelism: Int
  var retries: Int
  var cpus: Int
  var memory: String?
  var command: [String]

  /// Exit codes after which a pod would fail in the same way again: usage, bad data, something missing, not finite.
  static let final: [ExitStatus] = [.usage, .badData, .missing, .internalFailure]

  /// The manifest as YAML; texts are quoted as in JSON, which is valid YAML 1.2.
  var yaml: String {
    func quoted(_ text: String) -> String { JSON.string(text).canonical() }
    let words = command.map { "            - \(quoted($0))" }.joined(separator: "\n")
    let codes = Self.final.map { String($0.rawValue) }.joined(separator: ", ")
    let memoryLine = memory.map { "\n              memory: \(quoted($0))" } ?? ""
    return """
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: \(quoted(name))
      spec:
        completionMode: Indexed
        completions: \(completions)
        parallelism: \(parallelism)
        backoffLimitPerIndex: \(retries)
        maxFailedIndexes: \(completions)
        podReplacementPolicy: Failed
        podFailurePolicy:
          rules:
            - action: Ignore
              onExitCodes:
                containerName: task
                operator: In
                values: [\(ExitStatus.interrupted.rawValue)]
            - action: FailIndex
              onExitCodes:
                containerName: task
                operator: In
                values: [\(codes)]
            - action: Ignore
              onPodConditions:
                - type: DisruptionTarget
                  status: "True"
        template:
          spec:
            restartPolicy: Never
            terminationGracePeriodSeconds: 120
            containers:
              - name: task
                image: \(quoted(image))
                command:
      \(words)
                env:
                  - name: ESCAPEMENT_THREADS
                    value: \(quoted(String(cpus)))
                resources:
                  requests:
                    cpu: \(quoted(String(cpus)))\(memoryLine)
                  limits:
                    cpu: \(quoted(String(cpus)))\(memoryLine)
                volumeMounts:
                  - name: sweep
                    mountPath: \(quoted(mount))
            volumes:
              - name: sweep
                persistentVolumeClaim:
                  claimName: \(quoted(volume))

      """
  }
}
