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

    [Fact]
    public async Task One_integration_is_found_and_its_settings_are_changed_without_its_cursor()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        await Stores.Integrations.AddAsync(Integration("q", "hook"));
        await Stores.Integrations.SaveCursorAsync("p", "hook", Offsets(5));

        Assert.True(await Stores.Integrations.SaveSettingsAsync("p", "hook", "{}"));
        Assert.False(await Stores.Integrations.SaveSettingsAsync("p", "other", "{}"));
        await ReopenAsync();

        var found = await Stores.Integrations.FindAsync("p", "hook", Cancellation);
        Assert.Equal("{}", found!.Settings);
        Assert.Equal(Offsets(5), found.Cursor);
        Assert.NotEqual("{}", (await Stores.Integrations.FindAsync("q", "hook", Cancellation))!.Settings);
        Assert.Null(await Stores.Integrations.FindAsync("p", "other", Cancellation));
    }

    [Fact]
    public async Task Dead_letters_come_back_in_order_and_page_by_page()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        await Stores.Integrations.AddAsync(Integration("p", "other"));
        StoredDeadLetter[] letters = [Letter("hook", 0, 7), Letter("hook", 0, 100), Letter("hook", 3, 1)];
        foreach (var letter in letters.Reverse())
        {
            Assert.True(await Stores.Integrations.SaveDeadLetterAsync(letter));
        }

        await Stores.Integrations.SaveDeadLetterAsync(Letter("other", 0, 8));
        await ReopenAsync();

        Assert.Equivalent(letters[..2], await LettersAsync("hook", 0, 0, 2), strict: true);
        Assert.Equivalent(letters[1..], await LettersAsync("hook", 0, 8, 10), strict: true);
        Assert.Equal(3, await Stores.Integrations.CountDeadLettersAsync("p", "hook", Cancellation));
    }

    [Fact]
    public async Task A_dead_letter_of_the_same_event_is_replaced_and_one_of_no_integration_is_refused()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        await Stores.Integrations.SaveDeadLetterAsync(Letter("hook", 1, 2));

        Assert.True(await Stores.Integrations.SaveDeadLetterAsync(Letter("hook", 1, 2) with { Status = 422 }));
        Assert.False(await Stores.Integrations.SaveDeadLetterAsync(Letter("gone", 1, 2)));

        Assert.Equal(422, Assert.Single(await LettersAsync("hook", 0, 0, 10)).Status);
        Assert.Empty(await LettersAsync("gone", 0, 0, 10));
    }

    [Fact]
    public async Task Dead_letters_are_removed_one_by_one_together_and_with_their_integration()
    {
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        for (var offset = 0; offset < 3; offset++)
        {
            await Stores.Integrations.SaveDeadLetterAsync(Letter("hook", 1, offset));
        }

        Assert.True(await Stores.Integrations.RemoveDeadLetterAsync("p", "hook", 1, 1));
        Assert.False(await Stores.Integrations.RemoveDeadLetterAsync("p", "hook", 1, 1));
        Assert.Equal([0L, 2L], (await LettersAsync("hook", 0, 0, 10)).Select(letter => letter.Offset));

        Assert.True(await Stores.Integrations.RemoveDeadLettersAsync("p", "hook"));
        Assert.False(await Stores.Integrations.RemoveDeadLettersAsync("p", "hook"));

        await Stores.Integrations.SaveDeadLetterAsync(Letter("hook", 1, 9));
        await Stores.Integrations.RemoveAsync("p", "hook");
        await Stores.Integrations.AddAsync(Integration("p", "hook"));
        Assert.Equal(0, await Stores.Integrations.CountDeadLettersAsync("p", "hook", Cancellation));
    }

    private static StoredDeadLetter Letter(string name, int partition, long offset) => new(
        "p", name, partition, offset, "devices/ä/events/x", DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123),
        DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_456), 410, "HTTP 410 Gone", "text/plain", new byte[] { 1, 2, 0, 255 });

    private async ValueTask<IReadOnlyList<StoredDeadLetter>> LettersAsync(string name, int partition, long offset, int limit)
        => await Stores.Integrations.LoadDeadLettersAsync("p", name, partition, offset, limit, Cancellation);

    private static StoredIntegration Integration(string product, string name) => new(
        product, name, "webhook", "devices/#", """{"url":"https://example.org/ä"}""", DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123), Offsets(1));

    private async ValueTask<IReadOnlyList<StoredIntegration>> LoadAsync() => await Stores.Integrations.LoadAsync(Cancellation);
}
