using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>call</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class CallArguments(Terminal terminal)
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(10);

    private readonly ServerArguments _server = new();
    private readonly Argument<string> _device = new("DEVICE") { Description = "The device id." };
    private readonly Argument<string> _name = new("NAME") { Description = "The command's name; it may have several levels." };
    private readonly Argument<string?> _payload = new("PAYLOAD") { Description = "What it says; - reads standard input. [default: nothing]", DefaultValueFactory = _ => null };
    private readonly Option<string?> _contentType = ValueOptions.Text("--content-type", "TYPE", "The payload's media type.");
    private readonly Option<TimeSpan?> _wait = ValueOptions.Duration("--wait", "How long to wait for the answer, at most 1m.", DefaultWait);
    private readonly Option<bool> _store = ValueOptions.Flag("--store", "Wait for no answer: the command is stored, and delivered when the device is there.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("call", "Call a device and print its answer. Ends with 1 when there is none, or the device says that the command failed.")
        {
            _device, _name, _payload, _contentType, _wait, _store,
        };
        _server.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        TimeSpan wait = result.GetValue(_wait) ?? DefaultWait;
        bool isStored = result.GetValue(_store);
        using ApiClient api = _server.Connect(result, wait);
        using var content = new ByteArrayContent(await ReadPayloadAsync(result, cancellationToken));
        if (result.GetValue(_contentType) is { } type)
        {
            if (!MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed))
            {
                return terminal.RefuseUsage("call", $"--content-type {type}: write a media type such as application/json.");
            }

            content.Headers.ContentType = parsed;
        }

        string name = string.Join('/', result.GetValue(_name)!.Split('/').Select(Uri.EscapeDataString));
        string path = $"{_server.ProductPath(result)}/devices/{Uri.EscapeDataString(result.GetValue(_device)!)}/commands/{name}{(isStored ? "" : $"?wait={Durations.Format(wait)}")}";
        return await api.SendAsync(HttpMethod.Post, path, content, answer => PrintAsync(answer, api, _server.Json(result), cancellationToken), terminal.Fail, cancellationToken);
    }

    private async Task<byte[]> ReadPayloadAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (result.GetValue(_payload) is not "-" and var text)
        {
            return Encoding.UTF8.GetBytes(text ?? "");
        }

        using var read = new MemoryStream();
        await terminal.Input.CopyToAsync(read, cancellationToken);
        return read.ToArray();
    }

    private async Task<int> PrintAsync(HttpResponseMessage answer, ApiClient api, bool json, CancellationToken cancellationToken)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        string? type = answer.Content.Headers.ContentType?.ToString();
        bool isFailed = answer.StatusCode == HttpStatusCode.FailedDependency;
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            var stored = ApiClient.Parse(Encoding.UTF8.GetString(body));
            terminal.Text.WriteLine(json ? stored.GetRawText() : $"stored as {stored.GetProperty("id")}; the answer goes to {stored.GetProperty("replyTopic")}");
            return ExitCodes.Success;
        }

        if (!answer.IsSuccessStatusCode && !isFailed)
        {
            return terminal.Fail(api.Explain((int)answer.StatusCode, answer.ReasonPhrase, ApiClient.Parse(Encoding.UTF8.GetString(body))));
        }

        if (json)
        {
            var said = new JsonObject { ["failed"] = isFailed, ["contentType"] = type, ["payload"] = Encoding.UTF8.GetString(body) };
            terminal.Text.WriteLine(said.ToJsonString());
        }
        else
        {
            await terminal.Output.WriteAsync(body, cancellationToken);
            terminal.Text.WriteLine();
        }

        return isFailed ? terminal.Fail("the device says that the command failed") : ExitCodes.Success;
    }
}
