using Xunit.Sdk;
using Xunit.v3;

// Real processes share the machine with everything else: one test at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
