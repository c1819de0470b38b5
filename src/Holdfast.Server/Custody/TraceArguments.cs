using System.CommandLine;
using Holdfast.Server.CommandLine;
using Holdfast.Server.Management;

namespace Holdfast.Server.Custody;

/// <summary>The command <c>trace</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class TraceArguments(Terminal terminal)
{
    private readonly ServerArguments _server = new();
    private readonly Argument<string> _event = new("ID") { Description = "The event's id." };

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("trace", "Show the way of one event: who published it, where it is stored, every attempt to deliver it, who has confirmed it.") { _event };
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(
                HttpMethod.Get, $"{_server.ProductPath(result)}/events/{Uri.EscapeDataString(result.GetValue(_event)!)}/trace", null, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(_server.Json(result) ? answer.Body.GetRawText() : TraceText.Format(answer.Body));
            return ExitCodes.Success;
        });
        return command;
    }
}
