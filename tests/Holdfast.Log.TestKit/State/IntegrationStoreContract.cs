using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>What every implementation of <see cref="IIntegrationStore"/> does.</summary>
public abstract class IntegrationStoreContract<THarness> : StateStoreContract<THarness>
    where THarness : IStateStoreHarness, new()
{
    [Fact]
    public async Task An_integration_comes_back_as_it_was_added()
    {
        var integration = Integration("p", "hook");

        Assert.True(await Stores.Integrations.AddAsync(integration));
        await ReopenAsync();

        Assert.Equivalent(integration, Assert.Single(await LoadAsync()), strict: true);
    }

    [Fact]
    public async Task A_name_is_unique_within_its_product()
    {
        Assert.True(await Stores.Integrations.AddAsync(Integration("p", "hook")));
        Assert.True(await Stores.Integrations.AddAsync(Integration("q", "hook")));

        Assert.False(await Stores.Integrations.AddAsync(Integration("p", "hook") with { Filter = "other" }));

        Assert.Equal(["devices/#", "devices/#"], (await LoadAsync()).Select(integration => integration.Filter));
    }

    [Fact]
    public async Task A_removed_integration_is_gone_and_so_is_its_cursor()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        await Stores.Integrations.AddAsync(Integration("q", "hook"));
        await Stores.Integrations.SaveCursorAsync("p", "hook", Offsets(9));

        Assert.True(await Stores.Integrations.RemoveAsync("p", "hook"));
        Assert.False(await Stores.Integrations.RemoveAsync("p", "hook"));
        Assert.Equal("q", Assert.Single(await LoadAsync()).Product);

        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        Assert.All(await LoadAsync(), integration => Assert.Equal(Offsets(1), integration.Cursor));
    }

    [Fact]
    public async Task A_cursor_is_saved_and_one_of_an_unknown_integration_is_ignored()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));

        await Stores.Integrations.SaveCursorAsync("p", "hook", Offsets(7));
        await Stores.Integrations.SaveCursorAsync("p", "never there", Offsets(8));
        await ReopenAsync();

        Assert.Equal(Offsets(7), Assert.Single(await LoadAsync()).Cursor);
    }

    private static StoredIntegration Integration(string product, string name) => new(
        product, name, "webhook", "devices/#", """{"url":"https://example.org/ä"}""", DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123), Offsets(1));

    private async ValueTask<IReadOnlyList<StoredIntegration>> LoadAsync() => await Stores.Integrations.LoadAsync(Cancellation);
}
