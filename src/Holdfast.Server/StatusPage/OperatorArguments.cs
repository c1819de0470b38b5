using System.CommandLine;
using Holdfast.Server.CommandLine;
using Holdfast.Status;
using Holdfast.Status.Storage;

namespace Holdfast.Server.StatusPage;

/// <summary>The command <c>status operator</c>: who may log in to the operator's pages. It works on the page's data directory, so it needs no login itself.</summary>
/// <param name="terminal">The standard streams.</param>
/// <param name="data">The option of the data directory.</param>
internal sealed class OperatorArguments(Terminal terminal, Option<string> data)
{
    private const string PasswordVariable = "HOLDFAST_OPERATOR_PASSWORD";

    private readonly Argument<string> _name = new("NAME") { Description = "The operator's name." };

    /// <summary>Makes the command.</summary>
    public Command Build()
    {
        var set = new Command("set", $"Add an operator, or change the password, which ends the logins. The password is read from the variable {PasswordVariable}, else from the first line of standard input.") { _name, data };
        set.SetAction(result => Use(result, registry =>
        {
            registry.Set(result.GetValue(_name)!, Password());
            return ExitCodes.Success;
        }));
        var list = new Command("list", "List the operators.") { data };
        list.SetAction(result => Use(result, registry =>
        {
            foreach (string name in registry.All())
            {
                terminal.Text.WriteLine(name);
            }

            return ExitCodes.Success;
        }));
        var remove = new Command("remove", "Remove an operator; the logins end.") { _name, data };
        remove.SetAction(result => Use(result, registry => registry.Remove(result.GetValue(_name)!)
            ? ExitCodes.Success
            : terminal.Fail($"there is no operator '{result.GetValue(_name)}'; 'holdfast status operator list' names them.")));
        return new Command("operator", "Manage who may log in to the operator's pages at /operator.") { set, list, remove };
    }

    private string Password()
    {
        if (Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } password)
        {
            return password;
        }

        using var input = new StreamReader(terminal.Input, leaveOpen: true);
        return input.ReadLine() ?? "";
    }

    private int Use(ParseResult result, Func<OperatorRegistry, int> action)
    {
        try
        {
            using var registry = new OperatorRegistry(result.GetValue(data)!);
            return action(registry);
        }
        catch (StatusDataException exception)
        {
            return terminal.Fail(exception.Message);
        }
    }
}
