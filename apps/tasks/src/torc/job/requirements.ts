/** The five numbers of a job's `internal` (Torc contract 2.10) that offers of workers are compared with. */
export interface JobRequirements {
  readonly memory_bytes: number;
  readonly num_cpus: number;
  readonly num_gpus: number;
  readonly num_nodes: number;
  /** May have a fraction. */
  readonly runtime_seconds: number;
}

/** Raw JSON of a job before initialization: all numbers are 0. */
export const NO_REQUIREMENTS = '{}';

/** Equal numbers give equal texts, so that the engine puts their jobs into one class. */
export const requirementsText = (of: JobRequirements): string => {
  const { memory_bytes, num_cpus, num_gpus, num_nodes, runtime_seconds } = of;
  const numbers = [memory_bytes, num_cpus, num_gpus, num_nodes, runtime_seconds];
  return numbers.every((number) => number === 0)
    ? NO_REQUIREMENTS
    : JSON.stringify({ memory_bytes, num_cpus, num_gpus, num_nodes, runtime_seconds });
};

/** Reads what {@link requirementsText} wrote. */
export const requirementsOf = (text: string): JobRequirements => {
  const {
    memory_bytes = 0,
    num_cpus = 0,
    num_gpus = 0,
    num_nodes = 0,
    runtime_seconds = 0,
  } = JSON.parse(text) as Partial<JobRequirements>;
  return { memory_bytes, num_cpus, num_gpus, num_nodes, runtime_seconds };
};
