using System.Collections.Concurrent;
using System.Text.Json;
using Holdfast.Testing;

namespace Holdfast.Clients.Drivers;

/// <summary>A client of another language, worked through an agent: a script that takes commands and tells of messages in lines of JSON.</summary>
/// <param name="program">What runs the script.</param>
/// <param name="script">The script's name in the folder Agents.</param>
public sealed class AgentClient(string program, string script) : ForeignClient
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<int, TaskCompletionSource> _unanswered = new();
    private LineProcess? _process;
    private int _commands;

    /// <summary>The folder of the scripts.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "Holdfast.Clients", "Agents");

    /// <inheritdoc/>
    public override Task ConnectAsync(ClientSettings settings)
    {
        _process = new LineProcess(program, [Path.Combine(Folder, script)], TakeLine);
        _ = _process.Ended.ContinueWith(_ => FailUnanswered(), TaskScheduler.Default);
        var will = settings.Will;
        return CommandAsync(new
        {
            Operation = "connect",
            Number = NextNumber(out var number),
            settings.Port,
            settings.IsTls,
            settings.IsWebSocket,
            settings.CertificateFile,
            settings.Version,
            settings.ClientId,
            settings.Clean,
            Will = will is null ? null : new { will.Topic, will.Payload, Qos = will.QualityOfService, will.Retain },
        }, number);
    }

    /// <inheritdoc/>
    public override Task SubscribeAsync(string filter, int qualityOfService)
        => CommandAsync(new { Operation = "subscribe", Number = NextNumber(out var number), Filter = filter, Qos = qualityOfService }, number);

    /// <inheritdoc/>
    public override Task PublishAsync(string topic, byte[] payload, int qualityOfService, bool retain = false)
        => CommandAsync(
            new { Operation = "publish", Number = NextNumber(out var number), Topic = topic, Payload = payload, Qos = qualityOfService, Retain = retain },
            number);

    /// <inheritdoc/>
    public override async Task DisconnectAsync()
    {
        await CommandAsync(new { Operation = "disconnect", Number = NextNumber(out var number) }, number);
        await ReleaseAsync();
    }

    /// <inheritdoc/>
    public override Task BreakAsync() => ReleaseAsync();

    /// <inheritdoc/>
    protected override async Task ReleaseAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.DisposeAsync();
        }
    }

    private int NextNumber(out int number) => number = Interlocked.Increment(ref _commands);

    private async Task CommandAsync<T>(T command, int number)
    {
        var process = _process ?? throw new InvalidOperationException("The client is not connected.");
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _unanswered[number] = answered;
        await process.Input.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(command, Json), (byte)'\n']);
        await process.Input.FlushAsync();
        try
        {
            await answered.Task.WaitAsync(AnswerLimit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{script} did not answer. Its errors: {process.Errors}");
        }
    }

    private void TakeLine(string line)
    {
        var answer = JsonSerializer.Deserialize<Answer>(line, Json)!;
        if (answer.Topic is not null)
        {
            Take(new ReceivedMessage(answer.Topic, answer.Payload ?? [], answer.Qos, answer.Retain));
        }
        else if (_unanswered.TryRemove(answer.Done, out var answered))
        {
            if (answer.Problem is null)
            {
                answered.TrySetResult();
            }
            else
            {
                answered.TrySetException(new InvalidOperationException($"{script}: {answer.Problem}"));
            }
        }
    }

    private void FailUnanswered()
    {
        foreach (var answered in _unanswered.Values)
        {
            answered.TrySetException(new InvalidOperationException($"{script} has ended."));
        }
    }

    private sealed record Answer(int Done, string? Problem, string? Topic, byte[]? Payload, int Qos, bool Retain);
}
