using System.Globalization;

namespace Holdfast.Integrations.Webhooks.Sending;

/// <summary>Which HTTP statuses refuse an event for good.</summary>
internal sealed class StatusRule
{
    public const string Description = "a status from 400 to 499, or '4xx' for all of them but 408, 425 and 429, which ask to try again";
    private const string AllClientErrors = "4xx";

    private readonly HashSet<int> _statuses = [];

    public StatusRule(IEnumerable<string> rules)
    {
        foreach (var rule in rules)
        {
            if (rule == AllClientErrors)
            {
                _statuses.UnionWith(Enumerable.Range(400, 100).Except([408, 425, 429]));
            }
            else
            {
                _statuses.Add(int.Parse(rule, CultureInfo.InvariantCulture));
            }
        }
    }

    public static bool IsValid(string rule)
        => rule == AllClientErrors || (rule.Length == 3 && int.TryParse(rule, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 400 and < 500);

    public bool Includes(int status) => _statuses.Contains(status);
}
