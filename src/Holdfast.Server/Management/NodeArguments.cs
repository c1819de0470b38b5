using System.CommandLine;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The command <c>node</c>.</summary>
/// <param name="terminal">The standard streams.</param>
internal sealed class NodeArguments(Terminal terminal)
{
    private readonly ServerArguments _server = new();

    /// <summary>Makes the command.</summary>
    public Command Build() => new("node", "Look at the nodes of a cluster, and drain one.") { BuildList(), BuildDrain() };

    private Command BuildList()
    {
        var command = new Command("list", "List the nodes and what each serves.");
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(HttpMethod.Get, "api/v1/cluster", null, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(_server.Json(result) ? answer.Body.GetProperty("nodes").GetRawText() : ClusterText.Nodes(answer.Body));
            return ExitCodes.Success;
        });
        return command;
    }

    private Command BuildDrain()
    {
        var name = new Argument<string>("NAME") { Description = "The node's name." };
        var command = new Command("drain", "Let a node hand over what it serves, send its clients to the others, and end.") { name };
        _server.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string node = result.GetValue(name)!;
            using ApiClient api = _server.Connect(result);
            ApiAnswer answer = await api.SendAsync(HttpMethod.Post, $"api/v1/cluster/nodes/{Uri.EscapeDataString(node)}/drain", null, cancellationToken);
            if (!answer.IsSuccess)
            {
                return terminal.Fail(answer.Problem);
            }

            terminal.Text.WriteLine(_server.Json(result) ? "{}" : $"{node} is draining; it ends when its clients have gone");
            return ExitCodes.Success;
        });
        return command;
    }
}
