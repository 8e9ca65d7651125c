// Minimax polynomial of (2 artanh √z - 2√z) / √z on 0 ≤ z ≤ (3 - 2√2)², by Horner's rule with fma. Body of log_tail.
#if EK_IS_F32
  T p = 0x1.8c9ae2p-3f;
  p = FMA(p, z, 0x1.c67a06p-3f);
  p = FMA(p, z, 0x1.249326p-2f);
  p = FMA(p, z, 0x1.999998p-2f);
  p = FMA(p, z, 0x1.555556p-1f);
#else
  T p = 0x1.0c112d707af84p-3;
  p = FMA(p, z, 0x1.0fbd3da5716c9p-3);
  p = FMA(p, z, 0x1.3b1c42bbaf2efp-3);
  p = FMA(p, z, 0x1.745cf8c2a54c8p-3);
  p = FMA(p, z, 0x1.c71c7201ff73cp-3);
  p = FMA(p, z, 0x1.249249247668fp-2);
  p = FMA(p, z, 0x1.9999999999a3ap-2);
  p = FMA(p, z, 0x1.5555555555555p-1);
#endif
  return z * p;
