using System.Diagnostics;
using Holdfast.Broker.Identities;

namespace Holdfast.Broker.Tests.Identities;

/// <summary>How long a wrong credential takes must not tell whether the name in it is known.</summary>
public sealed class TimingTests
{
    private const int Rounds = 40_000;

    /// <summary>Medians of calls that take turns, so that whatever else the machine does meets all alike. For a machine with nothing beside it.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task An_unknown_name_takes_as_long_as_a_wrong_key()
    {
        await using var world = await Registered.StartAsync();
        for (var number = 0; number < 1000; number++)
        {
            await world.AddDeviceAsync($"d{number}");
        }

        await world.AddDeviceAsync("revoked");
        await world.Administration.RevokeDeviceAsync("p", "revoked");
        var authenticator = new ClientAuthenticator(world.Broker.Node.Identities, TimeProvider.System);
        var wrong = Secret.New(Secret.DeviceKeyPrefix);
        (string Name, string User)[] attempts = [("wrong key", "p/d500"), ("unknown device", "p/d50x"), ("revoked device", "p/revoked"), ("unknown product", "x/d500")];
        var times = attempts.Select(_ => new long[Rounds]).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var kind = 0; kind < attempts.Length; kind++)
            {
                var begin = Stopwatch.GetTimestamp();
                Assert.Null(authenticator.Identify(attempts[kind].User, wrong));
                times[kind][round] = Stopwatch.GetTimestamp() - begin;
            }
        }

        // The first rounds are those of code that is being compiled.
        var medians = times.Select(one => one.Skip(Rounds / 4).Order().ElementAt(Rounds * 3 / 8) * 1e9 / Stopwatch.Frequency).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", attempts.Zip(medians, (attempt, median) => $"{attempt.Name} {median:0} ns")));
        Assert.True(medians.Max() - medians.Min() < 500, $"The medians are {string.Join(", ", medians)} ns apart.");
    }
}
