using System.CommandLine;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>doctor</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class DoctorArguments(Terminal terminal)
{
    private readonly ServerArguments _server = new();

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var command = new Command("doctor", "Say what an acknowledgement means now, and what the next failure would cost. Ends with 1 when acknowledged events could be lost.");
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(HttpMethod.Get, "api/v1/cluster", null, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(_server.Json(result) ? answer.Body.GetRawText() : ClusterText.Diagnosis(answer.Body));
            return ClusterText.MayLose(answer.Body) ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }
}
