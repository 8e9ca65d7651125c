/// The package's own natural logarithm of one number: the same bits on every machine.
package func ownLog(_ x: Double) -> Double { Tensor([x]).map(.log)[0] }

/// The package's own exponential of one number.
package func exponential(_ x: Double) -> Double { Tensor([x]).map(.exp)[0] }
