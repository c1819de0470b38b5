using CsCheck;

namespace Holdfast.Mqtt.Tests.Generated;

/// <summary>Runs a check over generated values that are the same every time.</summary>
public static class Seeded
{
    /// <summary>Checks values 0 to <paramref name="count"/>; a failure names the one that failed.</summary>
    public static void ForEach<T>(Gen<T> generator, int count, Action<T, Random> check)
    {
        for (var seed = 0; seed < count; seed++)
        {
            var value = generator.Generate(new PCG(1, (ulong)seed), null, out _);
            try
            {
                check(value, new Random(seed));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Assert.Fail($"Seed {seed}, {value}: {exception}");
            }
        }
    }
}
