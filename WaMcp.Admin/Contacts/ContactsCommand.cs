using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Contacts;

/// <summary><c>admin contacts</c>.</summary>
internal sealed class ContactsCommand : Command, IHasExamples
{
    public ContactsCommand()
        : base("contacts", "The people that clients write with.")
    {
        Add(new EraseContactCommand());
    }

    public IReadOnlyList<string> Examples { get; } = ["admin contacts erase con_01m80jsvaqf8ytf10fccgkmr6d --client acme-corp"];
}
