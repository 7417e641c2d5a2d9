# The likelihood of exponential decays is largest where the lifetime is the mean of the decay times. Prints it and its error.
{ sum += $1; n += 1 }
END { printf "%.4f %.4f\n", sum / n, sum / n / sqrt(n) }
