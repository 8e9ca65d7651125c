import EscapementKernels

// The gradient of a batch whose samples are divided among several ranks. Every rank has the sums of its own aligned
// runs. Each rank finishes the tree for an equal slice of the long vector: it receives that slice of all ranks' sums,
// adds them in the order of the batch, and sends the result to all ranks. A rank therefore receives about two vectors,
// whatever the number of ranks.
extension GradientAccumulator {
  /// The sums over all ranks' samples, the same bits on every rank; if `share` is nil, over this accumulator's samples
  /// alone.
  ///
  /// Every rank's accumulator must have passed through the same layers. A rank without samples knows neither the number
  /// of terms of a segment nor their kinds, and receives both from the other ranks.
  public func total(over share: BatchShare?) -> ParameterVector<Element> {
    guard let share else { return total() }
    let terms = termCounts(share)
    let segments = layout.segments
    var widths: [Int] = []
    for (index, segment) in segments.enumerated() {
      widths += Array(repeating: segment.count, count: terms.contractions[index] + terms.primals[index])
    }
    let counters = segments.indices.flatMap { self.contractions[$0] + (self.primals[$0].map { [$0] } ?? []) }
    let sums = finished(rows(of: counters, widths, share), share)
    let wideWidths = segments.enumerated().flatMap { index, segment in
      Array(repeating: segment.count, count: terms.axisSums[index])
    }
    let wide =
      wideWidths.isEmpty ? nil : wideSums(rows(of: self.axisSums.flatMap(\.self), wideWidths, share), share)

    var place = 0
    func next(_ segment: Int) -> Tensor<Element> {
      defer { place += segments[segment].count }
      return sums.view(at: place, shape: segments[segment].shape)
    }
    var contractions: [[Tensor<Element>]] = []
    var primals: [Int: Tensor<Element>?] = [:]
    for index in segments.indices {
      contractions.append((0..<terms.contractions[index]).map { _ in next(index) })
      if terms.primals[index] > 0 { primals[index] = next(index) }
    }
    var widePlace = 0
    let axisSums = segments.enumerated().map { index, segment in
      (0..<terms.axisSums[index]).compactMap { _ in
        defer { widePlace += segment.count }
        return wide?.view(at: widePlace, shape: segment.shape)
      }
    }
    return total(contractions: contractions, primals: primals, axisSums: axisSums)
  }

  /// The number of terms of each segment on the ranks that have samples.
  private func termCounts(_ share: BatchShare) -> (contractions: [Int], primals: [Int], axisSums: [Int]) {
    let ranks = share.communicator.size
    let own =
      contractions.map { Int32($0.count) } + layout.segments.indices.map { primals[$0] == nil ? 0 : 1 }
      + axisSums.map { Int32($0.count) }
    let all = share.communicator.gathered(own, counts: Array(repeating: own.count, count: ranks))
    let most = own.indices.map { place in
      (0..<ranks).map { Int(all[$0 * own.count + place]) }.max() ?? 0
    }
    let segments = layout.segments.count
    return (
      Array(most[..<segments]), Array(most[segments..<(2 * segments)]), Array(most[(2 * segments)...])
    )
  }

  /// This rank's sums, one row per run: all terms, concatenated.
  private func rows<E: Real>(
    of counters: [TreeCounter<E>], _ widths: [Int], _ share: BatchShare
  ) -> Tensor<E> {
    let blocks = share.blocks(of: share.communicator.rank)
    let row = widths.reduce(0, +)
    return Tensor(shape: [blocks.count, row]) { target in
      guard !blocks.isEmpty else { return }
      precondition(counters.count == widths.count, "\(counters.count) terms, \(widths.count) elsewhere")
      var target = target
      for block in blocks {
        for (counter, width) in zip(counters, widths) {
          guard let sum = counter.total(in: block.range), sum.count == width else {
            preconditionFailure("no sum of \(width) over samples \(block.range)")
          }
          sum.withPointer { target.update(from: $0, count: width) }
          target += width
        }
      }
    }
  }

  private func wideSums(_ own: Tensor<Double>, _ share: BatchShare) -> Tensor<Double> {
    share.finished(share.gathered(own, rows: { share.blocks(of: $0).count }))
  }

  /// The tree over all ranks' rows; each rank finishes a slice of the columns.
  private func finished(_ own: Tensor<Element>, _ share: BatchShare) -> Tensor<Element> {
    let communicator = share.communicator
    let (rank, ranks) = (communicator.rank, communicator.size)
    let (runs, width) = (own.shape[0], own.shape[1])
    let slices = (0..<ranks).map { (width * $0 / ranks)..<(width * ($0 + 1) / ranks) }
    let stride = MemoryLayout<Element>.stride
    let outgoing = Tensor<Element>(shape: [runs * width]) { target in
      own.withPointer { source in
        var target = target
        for slice in slices {
          for run in 0..<runs {
            target.update(from: source + run * width + slice.lowerBound, count: slice.count)
            target += slice.count
          }
        }
      }
    }
    let lengths = slices.map { $0.count * runs * stride }
    let mine = slices[rank].count
    let rows = (0..<ranks).map { share.blocks(of: $0).count }
    let receivedLengths = rows.map { $0 * mine * stride }
    communicator.traffic.add(received: receivedLengths.reduce(0, +) - receivedLengths[rank])
    let received = Tensor<Element>(shape: [rows.reduce(0, +), mine]) { target in
      outgoing.withPointer { source in
        communicator.allToAll(
          UnsafeRawBufferPointer(start: source, count: lengths.reduce(0, +)), lengths: lengths,
          into: UnsafeMutableRawBufferPointer(start: target, count: receivedLengths.reduce(0, +)),
          receivedLengths: receivedLengths)
      }
    }
    let slice = share.finished(received)
    return share.gathered(slice.reshaped([slice.count, 1]), rows: { slices[$0].count }).reshaped([width])
  }
}
