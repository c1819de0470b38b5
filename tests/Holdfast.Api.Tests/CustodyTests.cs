using Holdfast.Api.Tests.Support;
using Holdfast.Broker.Custody;
using Microsoft.Extensions.DependencyInjection;

namespace Holdfast.Api.Tests;

public sealed class CustodyTests
{
    private const string Product = "/api/v1/products/p";

    [Fact]
    public async Task A_report_asks_for_what_the_query_says()
    {
        var custody = new FakeCustody();
        await using var host = await ApiHost.StartAsync(addServices: services => services.AddSingleton<ICustody>(custody));

        var answer = await host.SendAsync(
            HttpMethod.Get, Product + "/devices/d1/custody?from=2026-03-01T08:00:00Z&to=1772355600000&late=30&limit=5&after=run1-3-41");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            new CustodyQuery("p")
            {
                Device = "d1",
                From = new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero),
                To = new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero),
                LateAfter = TimeSpan.FromSeconds(30),
                Limit = 5,
                After = "run1-3-41",
            },
            custody.Asked);
        Assert.Equal(("late", 11.0), (answer.Json.GetProperty("items")[0].GetProperty("outcome").GetString(), answer.Json.GetProperty("items")[0].GetProperty("delaySeconds").GetDouble()));
    }

    [Fact]
    public async Task By_default_a_report_is_about_all_and_late_is_ten_seconds()
    {
        var custody = new FakeCustody();
        await using var host = await ApiHost.StartAsync(addServices: services => services.AddSingleton<ICustody>(custody));
        await host.SendAsync(HttpMethod.Get, Product + "/custody");
        Assert.Equal(new CustodyQuery("p"), custody.Asked);
        Assert.Equal(TimeSpan.FromSeconds(10), custody.Asked!.LateAfter);
    }

    [Theory]
    [InlineData("late=0", "late")]
    [InlineData("late=x", "late")]
    [InlineData("limit=10001", "limit")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2&to=1", "to")]
    public async Task A_query_that_is_not_valid_is_refused_with_its_field(string query, string field)
    {
        await using var host = await ApiHost.StartAsync(addServices: services => services.AddSingleton<ICustody>(new FakeCustody()));
        Assert.Equal(field, (await host.SendAsync(HttpMethod.Get, $"{Product}/custody?{query}")).AssertProblem(422));
    }
}
