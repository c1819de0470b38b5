using Xunit.Sdk;
using Xunit.v3;

// Real processes share two cores and one disk: one test at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
