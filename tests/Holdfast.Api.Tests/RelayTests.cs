using Holdfast.Api.Tests.Support;

namespace Holdfast.Api.Tests;

/// <summary>Two nodes: whoever is asked, the one that runs an integration answers.</summary>
public sealed class RelayTests
{
    private const string Definition = """{"name":"there","filter":"a/#","url":"http://127.0.0.1:9/"}""";

    [Fact]
    public async Task An_integration_is_added_shown_changed_and_removed_on_the_node_that_runs_it()
    {
        await using var there = await IntegrationScene.StartAsync();
        await using var here = await IntegrationScene.StartAsync(new OtherNode(there));

        var added = await here.Host.SendAsync(HttpMethod.Post, IntegrationScene.Path, ApiHost.Json(Definition));
        Assert.Equal((201, IntegrationScene.Path + "/there"), (added.Status, added.Headers.Location?.OriginalString));
        Assert.NotNull(there.Service.Find("default", "there"));
        Assert.Null(here.Service.Find("default", "there"));

        Assert.Equal(200, (await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path + "/there")).Status);
        var changed = await here.Host.SendAsync(HttpMethod.Patch, IntegrationScene.Path + "/there", ApiHost.Json("""{"paused":true}"""));
        Assert.Equal((200, "paused"), (changed.Status, changed.Json.GetProperty("state").GetString()));
        Assert.Equal("limit", (await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path + "/there/dead-letters?limit=0")).AssertProblem(422));
        Assert.Equal(204, (await here.Host.SendAsync(HttpMethod.Delete, IntegrationScene.Path + "/there")).Status);
        (await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path + "/there")).AssertProblem(404);
    }

    [Fact]
    public async Task The_list_is_that_of_all_nodes_and_names_the_silent_ones()
    {
        await using var there = await IntegrationScene.StartAsync();
        var nodes = new OtherNode(there);
        await using var here = await IntegrationScene.StartAsync(nodes);
        await here.Host.SendAsync(HttpMethod.Post, IntegrationScene.Path, ApiHost.Json(Definition));
        nodes.IsHere = true;
        await here.Host.SendAsync(HttpMethod.Post, IntegrationScene.Path, ApiHost.Json(Definition.Replace("there", "here", StringComparison.Ordinal)));

        var list = (await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path)).Json;
        Assert.Equal(["here", "there"], list.GetProperty("integrations").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        Assert.False(list.TryGetProperty("silentNodes", out _));
        Assert.False(list.TryGetProperty("moving", out _));

        nodes.IsSilent = true;
        list = (await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path)).Json;
        Assert.Equal("here", Assert.Single(list.GetProperty("integrations").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("there", Assert.Single(list.GetProperty("moving").EnumerateArray()).GetString());
        Assert.Equal("b", Assert.Single(list.GetProperty("silentNodes").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task A_node_that_does_not_answer_and_an_integration_that_moves_are_said()
    {
        await using var there = await IntegrationScene.StartAsync();
        var nodes = new OtherNode(there) { IsSilent = true };
        await using var here = await IntegrationScene.StartAsync(nodes);

        var silent = await here.Host.SendAsync(HttpMethod.Get, IntegrationScene.Path + "/there");
        silent.AssertProblem(503);
        Assert.Contains("b is silent", silent.Body, StringComparison.Ordinal);

        nodes.Moves = true;
        var moving = await here.Host.SendAsync(HttpMethod.Delete, IntegrationScene.Path + "/there");
        moving.AssertProblem(503);
        Assert.Equal("1", Assert.Single(moving.Headers.GetValues("Retry-After")));
    }

    [Fact]
    public async Task What_is_passed_on_was_authorised_where_it_came_in()
    {
        await using var there = await IntegrationScene.StartAsync();
        await using var here = await IntegrationScene.StartAsync(new OtherNode(there));

        (await here.Host.SendAsync(HttpMethod.Post, IntegrationScene.Path, ApiHost.Json(Definition), withToken: false)).AssertProblem(401);
        Assert.Null(there.Service.Find("default", "there"));
    }
}
