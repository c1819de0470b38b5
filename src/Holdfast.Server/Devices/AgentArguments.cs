using System.CommandLine;
using Holdfast.Device;
using Holdfast.Device.Outbox;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Devices;

/// <summary>The command <c>agent</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class AgentArguments(Terminal terminal)
{
    private readonly DeviceArguments _device = new();
    private readonly Option<string?> _id = ValueOptions.Text("--id", "ID", "The device id. [default: the host's name]");
    private readonly Option<string?> _name = ValueOptions.Text("--name", "NAME", "The name of the events. [default: line]");
    private readonly Option<string[]> _files = new("--file") { Description = "Follow this file instead of standard input: what is appended, also after a restart or a rotation. Repeatable.", HelpName = "FILE" };
    private readonly Option<string?> _outbox = ValueOptions.Text("--outbox", "DIR", "Where events wait until they are stored. [default: holdfast-outbox]");
    private readonly Option<long?> _maximum = ValueOptions.Size("--outbox-size", "The most that waits; beyond it the oldest goes and is counted. [default: 64MB]", OutboxOptions.MinimumBytes);
    private readonly Option<bool> _urgent = ValueOptions.Flag("--urgent", "The events go before all others of the outbox, and at once over a metered link.");
    private readonly Option<string?> _contentType = ValueOptions.Text("--content-type", "TYPE", "The media type of a line, such as application/json.");
    private readonly Option<TimeSpan?> _metered = ValueOptions.Duration("--metered", "The link is paid by use: send only so often, or when 64 kB wait.", null);
    private readonly Option<bool> _json = ValueOptions.Flag("--json", "Print the result as JSON.");

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command(
            "agent",
            "Forward lines as events of a device, through an outbox on disk: a line that was read is delivered once there is a way, also after a restart. "
            + "At the end of standard input the agent waits until everything is stored.")
        {
            _id, _name, _files, _outbox, _maximum, _urgent, _contentType, _metered, _json,
        };
        _device.AddTo(command);
        command.SetAction((result, cancellationToken) => TryBind(result, out AgentOptions? options) is { } problem
            ? Task.FromResult(terminal.RefuseUsage("agent", problem))
            : new AgentCommand(options!, terminal).RunAsync(cancellationToken));
        return command;
    }

    private string? TryBind(ParseResult result, out AgentOptions? options)
    {
        options = null;
        string id = result.GetValue(_id) ?? Environment.MachineName;
        if (id.Length == 0 || id.AsSpan().ContainsAny('/', '+', '#'))
        {
            return $"--id {id}: a device id is one level of a topic: not empty, without /, + and #.";
        }

        string name = result.GetValue(_name) ?? "line";
        if (name.Length == 0 || name.AsSpan().ContainsAny('+', '#'))
        {
            return $"--name {name}: the name is the end of a topic: not empty, without + and #.";
        }

        if (_device.TryBind(result, id, out DeviceOptions device) is { } problem)
        {
            return problem;
        }

        var outbox = new OutboxOptions { Directory = result.GetValue(_outbox) ?? "holdfast-outbox" };
        device = device with
        {
            Outbox = outbox with { MaximumBytes = result.GetValue(_maximum) ?? outbox.MaximumBytes },
            MeteredLink = result.GetValue(_metered) is { } interval ? new MeteredLink { Interval = interval } : null,
        };
        options = new AgentOptions(
            device, name, result.GetValue(_urgent) ? EventPriority.Urgent : EventPriority.Normal, result.GetValue(_contentType), result.GetValue(_files) ?? [], result.GetValue(_json));
        return null;
    }
}
