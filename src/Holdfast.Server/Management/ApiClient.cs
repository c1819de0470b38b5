using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Holdfast.Server.Management;

/// <summary>What the HTTP API answered.</summary>
/// <param name="IsSuccess">Whether it did what was asked.</param>
/// <param name="Body">The JSON it answered; undefined when there was none.</param>
/// <param name="Problem">For a refusal: what was wrong and what to do, in one line.</param>
internal readonly record struct ApiAnswer(bool IsSuccess, JsonElement Body, string Problem)
{
    /// <summary>When to ask again, if the API said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Calls the HTTP API of a node.</summary>
/// <param name="server">Its address.</param>
/// <param name="token">The API token, or null. Never shown.</param>
/// <param name="patience">How much longer than usual an answer may take.</param>
/// <param name="program">The command that should run there.</param>
/// <param name="variable">The environment variable of the token.</param>
internal sealed class ApiClient(Uri server, string? token, TimeSpan patience = default, string program = "holdfast serve", string variable = "HOLDFAST_TOKEN") : IDisposable
{
    private const string Moving = "urn:holdfast:problem:moving";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>How long a request is repeated while what it asks for moves to another node of a cluster.</summary>
    private static readonly TimeSpan MovingTime = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http = new() { BaseAddress = server, Timeout = Timeout + patience };

    /// <summary>Sends a request, and repeats it while what it asks for is just moving to another node.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Below the server's address, escaped.</param>
    /// <param name="body">JSON, or null.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            ApiAnswer answer = await SendOnceAsync(method, path, body, cancellationToken);
            if (answer.RetryAfter is not { } delay || Text(answer.Body, "type") != Moving || Stopwatch.GetElapsedTime(began) > MovingTime)
            {
                return answer;
            }

            await Task.Delay(delay, cancellationToken);
        }
    }

    private async Task<ApiAnswer> SendOnceAsync(HttpMethod method, string path, string? body, CancellationToken cancellationToken)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await SendAsync(
            method,
            path,
            content,
            async response =>
            {
                JsonElement json = Parse(await response.Content.ReadAsStringAsync(cancellationToken));
                return response.IsSuccessStatusCode
                    ? new ApiAnswer(true, json, "")
                    : new ApiAnswer(false, json, Explain((int)response.StatusCode, response.ReasonPhrase, json)) { RetryAfter = response.Headers.RetryAfter?.Delta };
            },
            problem => new ApiAnswer(false, default, problem),
            cancellationToken);
    }

    /// <summary>Sends a request whose answer need not be JSON.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Below the server's address, escaped.</param>
    /// <param name="content">The body, or null.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="fail">Makes an answer when there is none: what was wrong and what to do, in one line.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, Func<HttpResponseMessage, Task<T>> read, Func<string, T> fail, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            return await read(response);
        }
        catch (HttpRequestException exception)
        {
            return fail($"cannot reach {server}: {exception.GetBaseException().Message.TrimEnd('.')}. Does '{program}' run there? Name another address with --server.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return fail($"{server} did not answer within {_http.Timeout.TotalSeconds:0} s.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Says in one line why the API refused.</summary>
    public string Explain(int status, string? phrase, JsonElement problem)
    {
        if (status == 401)
        {
            return token is null
                ? $"{server} wants a token: give it with --token, in {variable}, or with --data DIR, whose admin-token is read."
                : $"{server} does not accept the token.";
        }

        string title = Text(problem, "title") ?? phrase ?? "refused";
        string detail = Text(problem, "detail") ?? "";
        return $"{server} answered {status}: {(detail.Length > 0 ? detail : title)}";
    }

    private static string? Text(JsonElement json, string name)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The JSON of an answer; undefined when it is none.</summary>
    public static JsonElement Parse(string text)
    {
        try
        {
            return text.Length == 0 ? default : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
