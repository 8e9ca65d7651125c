/// A plane with axes, mapped to the pixels of one drawing.
package struct Frame {
  /// The space around the plane for ticks and labels, in pixels.
  package struct Margin {
    package var left = 56.0
    package var right = 16.0
    package var top = 28.0
    package var bottom = 44.0

    package init(left: Double = 56.0, right: Double = 16.0, top: Double = 28.0, bottom: Double = 44.0) {
      self.left = left
      self.right = right
      self.top = top
      self.bottom = bottom
    }
  }

  package let width: Double
  package let height: Double
  package let x: ClosedRange<Double>
  package let y: ClosedRange<Double>
  package let scaleX: AxisScale
  package let scaleY: AxisScale
  package let margin: Margin
  // The ends in scaled coordinates, stored so that their logarithms are computed once.
  private let endsX: (low: Double, high: Double)
  private let endsY: (low: Double, high: Double)

  package init(
    width: Double, height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>,
    scaleX: AxisScale = .linear, scaleY: AxisScale = .linear, margin: Margin = Margin()
  ) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.margin = margin
    endsX = (scaleX.coordinate(x.lowerBound), scaleX.coordinate(x.upperBound))
    endsY = (scaleY.coordinate(y.lowerBound), scaleY.coordinate(y.upperBound))
  }

  package func horizontal(_ value: Double) -> Double {
    let span = width - margin.left - margin.right
    return margin.left + span * (scaleX.coordinate(value) - endsX.low) / (endsX.high - endsX.low)
  }

  package func vertical(_ value: Double) -> Double {
    let span = height - margin.top - margin.bottom
    return height - margin.bottom - span * (scaleY.coordinate(value) - endsY.low) / (endsY.high - endsY.low)
  }
}
