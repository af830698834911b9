//! What the tests of live debuggees ask.
#![allow(dead_code, reason = "not every test asks everything")]

use freezeframe_debuggee::{
    Answer, Debuggee, DebuggeeError, Ended, Event, ModuleId, ModulePc, Query, Rule, RuleId, Site, StopPlan, StopReason,
};
use freezeframe_session::live::LiveDebuggee;

pub fn stopped(debuggee: &mut LiveDebuggee) -> StopReason {
    match debuggee.next_event(None).unwrap() {
        Some(Event::Stopped(stop)) => stop.reason,
        other => panic!("{other:?}"),
    }
}

pub fn ended(debuggee: &mut LiveDebuggee) -> Ended {
    let ended = match debuggee.next_event(None).unwrap() {
        Some(Event::Ended(ended)) => ended,
        other => panic!("{other:?}"),
    };
    assert!(matches!(debuggee.next_event(None), Err(DebuggeeError::Ended)));
    assert!(matches!(debuggee.query(vec![]), Err(DebuggeeError::Ended)));
    assert!(matches!(debuggee.kill(), Err(DebuggeeError::Ended)));
    ended
}

pub fn ask(debuggee: &mut LiveDebuggee, query: Query) -> Answer {
    debuggee.query(vec![query]).unwrap().remove(0).unwrap()
}

pub fn site(pc: u32) -> Site {
    Site { module: ModuleId(0), pc: ModulePc(pc) }
}

pub fn rule(id: u32, pc: u32) -> Rule {
    Rule::at(RuleId(id), site(pc))
}

pub fn plan(rules: Vec<Rule>) -> StopPlan {
    StopPlan { rules, ..StopPlan::default() }
}

pub fn planted(debuggee: &mut LiveDebuggee) -> Vec<Site> {
    match ask(debuggee, Query::Planted) {
        Answer::Sites(sites) => sites,
        other => panic!("{other:?}"),
    }
}

pub fn kept(debuggee: &mut LiveDebuggee) -> Vec<Site> {
    match ask(debuggee, Query::Kept) {
        Answer::Sites(sites) => sites,
        other => panic!("{other:?}"),
    }
}
