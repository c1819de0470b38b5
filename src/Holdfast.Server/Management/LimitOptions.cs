using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Holdfast.Broker.Limits;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The options of <c>product limit</c> and <c>device limit</c>: one for each limit that there is.</summary>
internal sealed class LimitOptions
{
    private const string None = "none";

    private readonly (LimitField Field, Option<string?> Option)[] _options = [.. LimitField.All.Select(field => (field, Make(field)))];

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public Command AddTo(Command command)
    {
        foreach (var (_, option) in _options)
        {
            command.Add(option);
        }

        return command;
    }

    /// <summary>What was given, as the API takes it; without any the limits are only shown.</summary>
    /// <param name="result">The parsed command line.</param>
    public JsonObject Body(ParseResult result)
    {
        var body = new JsonObject();
        foreach (var (field, option) in _options)
        {
            if (result.GetValue(option) is { } text)
            {
                body[field.Name] = text == None ? null : LimitText.TryParse(field, text, out long value) ? value : null;
            }
        }

        return body;
    }

    /// <summary>The answer for people.</summary>
    /// <param name="answer">The limits.</param>
    public static string Format(JsonElement answer)
        => TextTable.Format([["LIMIT", "VALUE"], .. LimitField.All.Select(field => new[] { field.Option, RegistryCommands.Text(answer, field.Name) is { Length: > 0 } value ? value : None })]);

    private static Option<string?> Make(LimitField field)
    {
        Option<string?> option = ValueOptions.Text($"--{field.Option}", LimitText.Notation(field), $"{field.Description} 'none' for no limit.");
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not None and var text }] && !LimitText.TryParse(field, text, out _))
            {
                result.AddError($"--{field.Option} {text}: {LimitText.Advice(field)}, or none.");
            }
        });
        return option;
    }
}
