using Holdfast.Status.Operating;
using Holdfast.Status.Reports;
using Holdfast.Status.Storage;

namespace Holdfast.Status;

/// <summary>Who may operate a page by its forms. It may be used while the page runs.</summary>
public sealed class OperatorRegistry : IDisposable
{
    private readonly Database _database;
    private readonly OperatorTable _operators;

    /// <summary>Opens the registry of a page.</summary>
    /// <param name="directory">The page's data directory.</param>
    /// <exception cref="StatusDataException">The data cannot be used.</exception>
    public OperatorRegistry(string directory)
    {
        _database = Database.Open(directory);
        _operators = new OperatorTable(_database);
    }

    /// <summary>The names of all operators.</summary>
    public IReadOnlyList<string> All() => [.. _operators.All().Select(one => one.Name)];

    /// <summary>Adds an operator, or gives one another password, which ends the logins.</summary>
    /// <param name="name">The name.</param>
    /// <param name="password">The password, of which only a hash is kept.</param>
    /// <exception cref="StatusDataException">The name or the password cannot be used, or there are too many.</exception>
    public void Set(string name, string password)
    {
        if (!ReportCheck.IsName(name))
        {
            throw new StatusDataException($"A name has 1 to {ReportCheck.MaximumName} printable characters.");
        }

        if (password.Length is < Passwords.MinimumLength or > Passwords.MaximumLength)
        {
            throw new StatusDataException($"A password has {Passwords.MinimumLength} to {Passwords.MaximumLength} characters.");
        }

        string hash = Passwords.Hash(password);
        _database.Transact(() =>
        {
            List<Operator> all = _operators.All();
            if (all.Count >= OperatorTable.Maximum && all.TrueForAll(one => one.Name != name))
            {
                throw new StatusDataException($"There are {all.Count} operators, the most that a page takes. Remove one first.");
            }

            _operators.Keep(new Operator(name, hash));
        });
    }

    /// <summary>Removes an operator; the logins end.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string name) => _operators.Remove(name);

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();
}
