# Iterates x -> r x (1 - x). After it has settled, prints r and the values that x goes through.
BEGIN {
  r = from + (to - from) * i / n
  x = 0.5
  for (step = 0; step < 500; step += 1) x = r * x * (1 - x)
  for (step = 0; step < 60; step += 1) {
    x = r * x * (1 - x)
    printf "%.6f %.6f\n", r, x
  }
}
