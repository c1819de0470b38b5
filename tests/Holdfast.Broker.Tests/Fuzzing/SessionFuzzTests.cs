using Holdfast.Testing.Fuzzing;

namespace Holdfast.Broker.Tests.Fuzzing;

/// <summary>Orders of events that nobody has thought of. <c>HOLDFAST_SEED=N</c> repeats one, and prints its steps.</summary>
public sealed class SessionFuzzTests
{
    private const int Steps = 120;

    [Fact]
    public async Task Whatever_clients_do_each_gets_what_the_model_says()
    {
        var run = new FuzzRun(TimeSpan.FromSeconds(2), fewest: FuzzRun.IsReplay ? 1 : 20);
        var (cases, steps, published) = (0, 0L, 0L);
        do
        {
            var fuzzer = new SessionFuzzer(run.FirstSeed + cases);
            try
            {
                await fuzzer.RunAsync(Steps);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Assert.Fail($"Seed {run.FirstSeed + cases}, after {fuzzer.Steps.Count} steps: {exception}\n{string.Join('\n', fuzzer.Steps)}");
            }

            (cases, steps, published) = (cases + 1, steps + fuzzer.Steps.Count, published + fuzzer.Published);
            if (FuzzRun.IsReplay)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', fuzzer.Steps));
            }
        }
        while (!FuzzRun.IsReplay && run.GoesOn(cases));

        TestContext.Current.TestOutputHelper?.WriteLine($"seeds {run.FirstSeed} to {run.FirstSeed + cases - 1}: {cases} cases, {steps} steps, {published} messages in {run.Seconds:0} s, 0 faults");
    }
}
