using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Holdfast.Server.Management;

/// <summary>The options that give an integration's settings: one by one, or as a file.</summary>
internal sealed class SettingOptions
{
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "A setting, such as maxBatch=100, order=none or 'headers={\"X-Key\":\"1\"}'; repeatable. The value is JSON, or else text; null takes it back to its default. 'holdfast integration show NAME' lists them all.",
        HelpName = "NAME=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<FileInfo?> _file = new("--settings") { Description = "A file with settings as a JSON object; what --set gives comes on top.", HelpName = "FILE" };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        command.Add(_set);
        command.Add(_file);
        command.Validators.Add(Validate);
    }

    /// <summary>The settings of a command line without errors.</summary>
    /// <param name="result">The parsed command line.</param>
    public JsonObject Read(ParseResult result)
    {
        JsonObject settings = result.GetValue(_file) is { } file ? Parse(file)! : [];
        foreach (string setting in result.GetValue(_set) ?? [])
        {
            int end = setting.IndexOf('=', StringComparison.Ordinal);
            settings[setting[..end]] = ValueOf(setting[(end + 1)..]);
        }

        return settings;
    }

    private static JsonNode? ValueOf(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static JsonObject? Parse(FileInfo file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file.FullName)) as JsonObject;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Validate(CommandResult result)
    {
        foreach (string setting in result.GetValue(_set) ?? [])
        {
            if (setting.IndexOf('=', StringComparison.Ordinal) < 1)
            {
                result.AddError($"--set {setting}: write it as NAME=VALUE.");
            }
        }

        if (result.GetValue(_file) is { } file && Parse(file) is null)
        {
            result.AddError($"--settings {file}: cannot be read as a JSON object.");
        }
    }
}
