import CEscapementKernels
import Foundation
import EscapementTestSupport
import Testing

/// How many threads a process gets: its affinity and the CPU quotas of made-up trees of control groups.
@Suite struct CoresTests {
  /// The quota that is read below a root with these files.
  private static func quota(_ files: [String: String]) throws -> Double {
    let root = try TemporaryDirectory()
    defer { root.remove() }
    for (path, text) in files {
      let file = root.url.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return ek_cpu_quota(root.url.path)
  }

  private static let unifiedMount = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"

  @Test func theLeastQuotaAlongThePathCounts() throws {
    var files = [
      "proc/self/cgroup": "0::/user.slice/job\n", "proc/self/mountinfo": Self.unifiedMount,
      "sys/fs/cgroup/user.slice/job/cpu.max": "max 100000\n",
    ]
    #expect(try Self.quota(files) == 0)
    files["sys/fs/cgroup/user.slice/job/cpu.max"] = "300000 100000\n"
    #expect(try Self.quota(files) == 3)
    files["sys/fs/cgroup/user.slice/cpu.max"] = "75000 50000\n"
    #expect(try Self.quota(files) == 1.5, "a group around it")
    // A container's namespace: its own group is at the mount point.
    files["sys/fs/cgroup/cpu.max"] = "50000 100000\n"
    #expect(try Self.quota(files) == 0.5, "the mount point")
    files["sys/fs/cgroup/user.slice/other/cpu.max"] = "1000 100000\n"
    #expect(try Self.quota(files) == 0.5, "a group that the process is not in")
    files["proc/self/cgroup"] = "0::/\n"
    files["sys/fs/cgroup/user.slice/cpu.max"] = "1000 100000\n"
    #expect(try Self.quota(files) == 0.5)
  }

  /// Version 1 has a hierarchy for each controller; its path is told whole where a container sees only a part.
  @Test func versionOne() throws {
    var files = [
      "proc/self/cgroup": "3:cpuset:/\n2:cpu,cpuacct:/docker/abc/task\n1:name=systemd:/x\n0::/y\n",
      "proc/self/mountinfo":
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        + "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        + "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw master:9 - cgroup cgroup rw,cpu,cpuacct\n",
      "sys/fs/cgroup/cpu/task/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/task/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpuset/docker/abc/task/cpu.cfs_quota_us": "100000\n",
      "sys/fs/cgroup/cpuset/docker/abc/task/cpu.cfs_period_us": "100000\n",
    ]
    #expect(try Self.quota(files) == 0)
    files["sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "250000\n"
    files["sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n"
    #expect(try Self.quota(files) == 2.5)
    files["sys/fs/cgroup/cpu/task/cpu.cfs_quota_us"] = "200000\n"
    #expect(try Self.quota(files) == 2)
    // Both versions at once: the smaller quota.
    files["proc/self/mountinfo", default: ""] += "34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n"
    files["sys/fs/cgroup/unified/y/cpu.max"] = "125000 100000\n"
    #expect(try Self.quota(files) == 1.25)
    // A path outside what the process sees: the mount point is the nearest group that can be asked.
    files["sys/fs/cgroup/unified/y/cpu.max"] = nil
    files["proc/self/cgroup"] = "2:cpu,cpuacct:/elsewhere\n"
    #expect(try Self.quota(files) == 2.5)
  }

  @Test func whatCannotBeUnderstoodSetsNoQuota() throws {
    #expect(ek_cpu_quota("/nowhere") == 0)
    for text in ["", "max", "100000", "x 100000", "100000 0", "-1 100000", "100000 1e5", "0 100000"] {
      let files = [
        "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.unifiedMount,
        "sys/fs/cgroup/cpu.max": text,
      ]
      #expect(try Self.quota(files) == 0, "\(text)")
    }
    let long = String(repeating: "/a", count: 5000)
    for (group, mounts) in [
      ("0::\(long)\n", Self.unifiedMount), ("no colon\n0:one\n", Self.unifiedMount),
      ("0::/\n", "30 23 - cgroup2\n - cgroup2 a b\n"), ("0::/../../x\n", Self.unifiedMount),
    ] {
      #expect(try Self.quota(["proc/self/cgroup": group, "proc/self/mountinfo": mounts]) == 0)
    }
  }

  @Test func theSmallestLimitSetsTheThreads() {
    func threads(_ online: Int32, _ allowed: Int32, _ quota: Double) -> String {
      var source = EK_THREADS_ENVIRONMENT
      let count = ek_threads_for(ek_cores(online: online, allowed: allowed, quota: quota), &source)
      return "\(count) \(String(cString: ek_threads_source_name(source)))"
    }
    #expect(threads(8, 8, 0) == "8 cores")
    #expect(threads(8, 3, 0) == "3 affinity" && threads(8, 3, 5) == "3 affinity")
    #expect(threads(8, 8, 1.5) == "2 quota" && threads(8, 4, 3) == "3 quota", "rounded up")
    #expect(
      threads(8, 2, 1.5) == "2 affinity" && threads(2, 2, 1.5) == "2 cores")
    #expect(threads(8, 8, 0.2) == "1 quota" && threads(1, 1, 0.2) == "1 cores")
    #expect(threads(1000, 1000, 0) == "256 cores" && threads(0, 0, 0) == "1 cores")
    #expect(String(cString: ek_threads_source_name(EK_THREADS_ENVIRONMENT)) == "ESCAPEMENT_THREADS")
  }

  @Test func thisProcess() {
    let cores = ek_cores_available()
    #expect(cores.online >= 1 && (1...cores.online).contains(cores.allowed) && cores.quota >= 0)
    guard ProcessInfo.processInfo.environment["ESCAPEMENT_THREADS"] == nil else { return }
    var source = EK_THREADS_ENVIRONMENT
    #expect(ek_threads_current() == ek_threads_for(cores, &source) && ek_threads_current_source() == source)
  }
}
