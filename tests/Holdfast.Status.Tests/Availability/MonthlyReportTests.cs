using System.Text.Json.Nodes;
using Holdfast.Status.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Availability;

/// <summary>What was promised and measured, month by month, over HTTP.</summary>
public sealed class MonthlyReportTests : IAsyncLifetime
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 31, 22, 50, 0, TimeSpan.Zero));
    private TestPage _page = null!;

    public async ValueTask InitializeAsync() => _page = await TestPage.StartAsync(
        _clock,
        new JsonObject { ["objective"] = 0.999, ["credits"] = new JsonArray(new JsonObject { ["below"] = 0.999, ["percent"] = 10 }, new JsonObject { ["below"] = 0.9, ["percent"] = 50 }) });

    public ValueTask DisposeAsync() => _page.DisposeAsync();

    [Fact]
    public async Task An_outage_over_midnight_counts_in_both_months_and_is_credited_by_the_rule()
    {
        await _page.ReportAsync("ok", 3, interval: TimeSpan.FromHours(1));
        await LastAsync("failed", TimeSpan.FromHours(2));
        await LastAsync("ok", TimeSpan.FromHours(30));
        JsonNode march = (await _page.GetJsonAsync("reports/2026-03.json"))["components"]![0]!;
        JsonNode april = (await _page.GetJsonAsync("reports/2026-04.json"))["components"]![0]!;
        Assert.InRange((double)march["downtimeSeconds"]!, 3550, 3650);
        Assert.InRange((double)april["downtimeSeconds"]!, 3550, 3650);
        Assert.Equal((10, false), ((double)march["creditPercent"]!, (bool)march["kept"]!));
        Assert.Equal(10, (double)april["creditPercent"]!);
        Assert.StartsWith("2026-04,\"MQTT\",0.999,0.", (await _page.GetAsync("reports/2026-04.csv")).Split("\r\n")[1], StringComparison.Ordinal);
        Assert.Contains("10 % below 99.900 %", await _page.GetAsync("reports.html"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(2, false)]
    public async Task Maintenance_is_excused_when_it_was_announced_in_time(int hoursBefore, bool isExcused)
    {
        await _page.ReportAsync("ok", 3, interval: TimeSpan.FromHours(1));
        DateTimeOffset start = _clock.GetUtcNow().AddHours(hoursBefore);
        await _page.DoAsync(HttpMethod.Post, "maintenances", new JsonObject
        {
            ["title"] = "New disks",
            ["components"] = new JsonArray("MQTT"),
            ["startsAt"] = start.ToString("O"),
            ["endsAt"] = start.AddHours(2).ToString("O"),
            ["text"] = "Soon.",
        });
        await LastAsync("ok", TimeSpan.FromHours(hoursBefore));
        await LastAsync("failed", TimeSpan.FromHours(1));
        Assert.Contains("Under maintenance", await _page.GetAsync(""), StringComparison.Ordinal);
        Assert.Equal("under_maintenance", (string?)(await _page.GetJsonAsync("api/v2/components.json"))["components"]![0]!["status"]);
        await LastAsync("ok", TimeSpan.FromHours(2));
        JsonNode month = (await _page.GetJsonAsync("reports/2026-04.json"))["components"]![0]!;
        Assert.InRange((double)month["downtimeSeconds"]!, 3550, 3650);
        Assert.Equal(isExcused, (double)month["plannedSeconds"]! > 3500);
        Assert.Equal(isExcused, (double)month["creditPercent"]! == 0);
        Assert.Empty((await _page.GetJsonAsync("api/v2/incidents.json"))["incidents"]!.AsArray());
    }

    [Fact]
    public async Task Every_document_of_the_site_is_there()
    {
        await _page.FailAsync();
        foreach (JsonNode? path in (await _page.GetJsonAsync("site.json"))["paths"]!.AsArray())
        {
            Assert.NotEmpty(await _page.GetAsync((string)path!));
        }
    }

    private async Task LastAsync(string verdict, TimeSpan span)
    {
        for (TimeSpan passed = Step; passed <= span; passed += Step)
        {
            _clock.Advance(Step);
            await _page.ReportAsync(verdict, 1, interval: TimeSpan.FromHours(1));
        }
    }
}
