using System.Text;
using System.Text.Json;
using Holdfast.Testing.Fuzzing;

namespace Holdfast.Server.Tests.Attacks.Fuzzing;

/// <summary>
/// Requests that nobody has thought of, to a real server, from somebody who has a token of the product acme, a device's key, or nothing. Whatever is asked: it is answered, no input is the server's fault,
/// a refusal is a problem that tells nothing of the inside, and nothing of the other product is seen.
/// </summary>
public sealed class HttpFuzzTests : IAsyncLifetime
{
    /// <summary>In the name of everything that the other product has.</summary>
    private const string Secret = "zirkon";

    private readonly TwoProducts _products = new(Secret);

    public ValueTask InitializeAsync() => _products.InitializeAsync();

    public ValueTask DisposeAsync() => _products.DisposeAsync();

    [Fact]
    public async Task Whatever_is_asked_is_answered_without_a_fault_and_without_a_word_about_others()
    {
        var document = JsonElement.Parse((await GetAsync("/openapi/v1.json")).Body);
        var run = new FuzzRun(TimeSpan.FromSeconds(2.5), fewest: 200);
        string?[] credentials = [$"Bearer {_products.Token}", $"Bearer {_products.Token}", $"Bearer {_products.Token}", _products.DeviceBasic, $"Bearer {_products.Token}x", "Basic \u00e4", null];
        var requests = new HttpRequests(HttpOperation.ReadAll(document), credentials, run.FirstSeed);
        var statuses = new SortedDictionary<int, int>();
        var tried = 0;
        for (; run.GoesOn(tried); tried++)
        {
            var (bytes, isWhole) = requests.Next();
            var answer = await RawHttp.SendAsync(_products.Server.HttpPort, bytes, isWhole);
            var fault = Judge(bytes, isWhole, answer);
            Assert.True(fault is null, $"Request {tried} of seed {run.FirstSeed}: {fault}\n{Convert.ToHexString(bytes)}\n{Encoding.UTF8.GetString(bytes)}\n\n{answer.Head}\n\n{answer.Body}");
            statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
        }

        Assert.Equal(200, (await GetAsync("/health/live")).Status);
        Assert.DoesNotContain("Unhandled", _products.Server.Output, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {run.FirstSeed}: {tried} requests in {run.Seconds:0} s, 0 faults; answers {string.Join(", ", statuses.Select(one => $"{one.Key}: {one.Value}"))}");
        Assert.True(statuses.Keys.Any(status => status is >= 200 and < 300) && statuses.Count > 5, "Hardly anything was reached: the run shows nothing.");
    }

    private Task<RawAnswer> GetAsync(string path) => RawHttp.SendAsync(_products.Server.HttpPort, Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"), isWhole: true);

    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    private static string? Judge(byte[] request, bool isWhole, RawAnswer answer)
    {
        var all = answer.Head + answer.Body;
        if (answer.Status == 0)
        {
            return isWhole ? "no answer" : null;
        }

        // Programs on the same machine read the metrics of the whole node; whoever shows a product's token does not (HttpAttackTests).
        if (answer.Header("Content-Type")?.StartsWith("text/plain; version=", StringComparison.Ordinal) == true && answer.Status == 200)
        {
            return null;
        }

        // 505 is what HTTP has for a version that is none.
        if (answer.Status >= 500 && !(answer.Status == 505 && !isWhole))
        {
            return "the server says that it is its own fault";
        }

        if (all.Contains("   at ", StringComparison.Ordinal) || all.Contains("Exception", StringComparison.Ordinal) || all.Contains(".cs:line", StringComparison.Ordinal))
        {
            return "it tells of the inside";
        }

        if (answer.Head.Split("\r\n").Any(line => line.StartsWith("X-Injected", StringComparison.OrdinalIgnoreCase)))
        {
            return "a header was injected";
        }

        if (all.Contains(Secret, StringComparison.OrdinalIgnoreCase) && !Encoding.UTF8.GetString(request).Contains(Secret, StringComparison.OrdinalIgnoreCase))
        {
            return "it tells of another product";
        }

        return answer.Status >= 400 ? JudgeProblem(request, isWhole, answer) : null;
    }

    private static string? JudgeProblem(byte[] request, bool isWhole, RawAnswer answer)
    {
        // What is no HTTP, and what a HEAD asks for, has no body.
        if (answer.Header("Content-Length") == "0" && (!isWhole || answer.Status is 400 or 431) || Encoding.ASCII.GetString(request).StartsWith("HEAD", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (answer.Header("Content-Type")?.StartsWith("application/problem+json", StringComparison.Ordinal) != true)
        {
            return "a refusal that is no problem";
        }

        var problem = JsonElement.Parse(answer.Body);
        return problem.GetProperty("status").GetInt32() == answer.Status && problem.GetProperty("title").GetString() is { Length: > 0 } ? null : "a problem that is not about its status";
    }
}
